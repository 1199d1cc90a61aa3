import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "@/api/error";
import { ActionProvider } from "@/components/command/actions";
import { HoverCardProvider } from "@/components/entity/HoverCard";
import { HomeSlotsProvider, type HomeSlots } from "@/components/home/slots";
import { KeyProvider } from "@/ui/keys";
import { styleNonce } from "@/ui/nonce";
import { cssVariablesResolver, theme } from "@/ui/theme";
import { ToastProvider } from "@/ui/toast";

// index.html reads the same key before the first paint.
const colorScheme = localStorageColorSchemeManager({ key: "callboard.colorScheme" });

/** Server state lives here and nowhere else. What the client did wrong is not asked again. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.kind === "network" || error.kind === "unavailable"),
        retryDelay: (attempt) => 300 * 2 ** attempt,
        refetchOnWindowFocus: true,
      },
    },
  });
}

/** Everything that stands around the router. */
export function Providers({ queryClient, children }: { queryClient: QueryClient; children: ReactNode }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} colorSchemeManager={colorScheme} defaultColorScheme="auto" getStyleNonce={() => styleNonce}>
      <QueryClientProvider client={queryClient}>
        <ToastProvider>
          <KeyProvider>
            <ActionProvider>{children}</ActionProvider>
          </KeyProvider>
        </ToastProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** What other features bring to the home page. */
const homeSlots: HomeSlots = {};

/** What needs the router above it. */
export function PageProviders({ children }: { children: ReactNode }) {
  return (
    <HomeSlotsProvider value={homeSlots}>
      <HoverCardProvider>{children}</HoverCardProvider>
    </HomeSlotsProvider>
  );
}
