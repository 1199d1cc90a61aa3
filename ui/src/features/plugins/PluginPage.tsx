import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { ApiError } from "@/api/error";
import type { PluginDetail } from "@/api/types";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { usePageParams } from "@/ui/page-route";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { DetailTemplate } from "@/ui/templates";
import { OverviewTab } from "./OverviewTab";
import { PluginActions } from "./PluginActions";
import { PluginBanners } from "./PluginBanners";
import classes from "./PluginPage.module.css";
import { pluginQuery } from "./queries";
import { nameOf, PluginState } from "./state";
import { strings, tabWords } from "./strings";

const PermissionsTab = lazy(() => import("./PermissionsTab"));
const UsageTab = lazy(() => import("./UsageTab"));
const VersionsTab = lazy(() => import("./VersionsTab"));
const SettingsTab = lazy(() => import("./SettingsTab"));
const RecordingsTab = lazy(() => import("./RecordingsTab"));

const tabs = ["overview", "permissions", "usage", "versions", "settings", "recordings"] as const;
type Tab = (typeof tabs)[number];

const crumbs = [{ label: strings.title, target: paths.plugins() }];

/** One plugin: what it may do, what it used of it, what it costs, and what can be done about it. */
export default function PluginPage() {
  const { id = "", tab } = usePageParams();
  const { data: plugin, error, isPending, refetch } = useQuery(pluginQuery(id));
  if (!plugin) {
    const missing = error instanceof ApiError && error.kind === "not_found";
    return (
      <DetailTemplate title={id} crumbs={crumbs}>
        {isPending && <SkeletonLines lines={8} />}
        {missing && <EmptyState title={strings.notFound} />}
        {error && !missing && <ErrorState error={error} title={strings.pluginFailed} onRetry={() => void refetch()} />}
      </DetailTemplate>
    );
  }
  const current = tabs.find((candidate) => candidate === tab) ?? "overview";
  return (
    <DetailTemplate
      title={nameOf(plugin)}
      crumbs={crumbs}
      beside={<PluginState plugin={plugin} />}
      below={
        <>
          <code>{plugin.id}</code>
          {plugin.version !== "" && <span>{plugin.version}</span>}
          <span>{strings.origins[plugin.origin]}</span>
          {plugin.description !== undefined && <span>{plugin.description}</span>}
        </>
      }
      actions={<PluginActions plugin={plugin} />}
      banner={<PluginBanners plugin={plugin} />}
      tabs={
        <nav aria-label={strings.tabs} className={classes.tabs}>
          {tabs.map((candidate) => (
            <AppLink key={candidate} target={paths.plugin(plugin.id, candidate === "overview" ? undefined : candidate)} className={classes.tab} aria-current={candidate === current ? "page" : undefined} ref={candidate === current ? intoView : undefined}>
              {tabWords[candidate]}
            </AppLink>
          ))}
        </nav>
      }
    >
      <Suspense fallback={<SkeletonLines lines={8} />}>
        <TabBody tab={current} plugin={plugin} />
      </Suspense>
    </DetailTemplate>
  );
}

/** On a phone the tabs scroll, and the current one may lie outside. */
const intoView = (tab: HTMLElement | null) => {
  const strip = tab?.parentElement;
  if (tab && strip) strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
};

function TabBody({ tab, plugin }: { tab: Tab; plugin: PluginDetail }) {
  switch (tab) {
    case "overview":
      return <OverviewTab plugin={plugin} />;
    case "permissions":
      return <PermissionsTab key={plugin.revision} plugin={plugin} />;
    case "usage":
      return <UsageTab plugin={plugin} />;
    case "versions":
      return <VersionsTab plugin={plugin} />;
    case "settings":
      return <SettingsTab key={plugin.revision} plugin={plugin} />;
    case "recordings":
      return <RecordingsTab plugin={plugin} />;
  }
}
