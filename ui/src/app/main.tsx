import "@/ui/base.css";
import "@/ui/mantine.css";
import "@/ui/tokens.css";
import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient, Providers } from "./providers";
import { createAppRouter } from "./router";

const queryClient = createQueryClient();
const router = createAppRouter(queryClient);

const element = document.getElementById("root");
if (!element) throw new Error("index.html has no root element");

createRoot(element).render(
  <StrictMode>
    <Providers queryClient={queryClient}>
      <RouterProvider router={router} />
    </Providers>
  </StrictMode>,
);
