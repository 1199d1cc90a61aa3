import { Link } from "@tanstack/react-router";
import type { ComponentProps } from "react";
import type { Target } from "@/lib/paths";

type AppLinkProps = Omit<ComponentProps<"a">, "href" | "target"> & { target: Target; preload?: false };

// The router marks a link as current by itself; only the very same address counts, callers decide about the rest.
const SAME_ADDRESS = { exact: true, includeSearch: true };

/** A link inside the portal. The router loads the page's data as soon as the pointer or the focus rests on it. */
export function AppLink({ target, preload, ...anchor }: AppLinkProps) {
  return <Link {...anchor} to={target.to} search={target.search ?? {}} activeOptions={SAME_ADDRESS} {...(preload === false && { preload })} />;
}
