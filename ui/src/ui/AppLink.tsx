import { Link } from "@tanstack/react-router";
import type { ComponentProps } from "react";
import type { Target } from "@/lib/paths";

type AppLinkProps = Omit<ComponentProps<"a">, "href" | "target"> & { target: Target; preload?: false };

/** A link inside the portal. The router loads the page's data as soon as the pointer or the focus rests on it. */
export function AppLink({ target, preload, ...anchor }: AppLinkProps) {
  return <Link {...anchor} to={target.to} search={target.search ?? {}} {...(preload === false && { preload })} />;
}
