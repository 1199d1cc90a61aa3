import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import type { PluginDetail } from "@/api/types";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import classes from "./PluginPage.module.css";
import { usePluginChange } from "./queries";
import { strings } from "./strings";

/** What an operator should know first, each with what can be done about it. */
export function PluginBanners({ plugin }: { plugin: PluginDetail }) {
  const { mutate, isPending } = usePluginChange(plugin.id, plugin.revision);
  const canary = plugin.versions.find((version) => version.role === "canary");
  return (
    <>
      {plugin.removedAt !== undefined && (
        <Banner status="neutral" text={strings.removedUntil}>
          {plugin.keptUntil !== undefined && <RelativeTime value={plugin.keptUntil} />}
        </Banner>
      )}
      {!plugin.enabled && plugin.removedAt === undefined && (
        <Banner status="warning" text={strings.disabledBecause(plugin.disabledReason ?? "")}>
          <Button size="compact-sm" variant="default" loading={isPending} onClick={() => mutate({ change: { part: "enable", body: {} }, done: strings.enabled })}>
            {strings.enable}
          </Button>
        </Banner>
      )}
      {plugin.migrating === true && <Banner status="running" text={strings.migrating} />}
      {plugin.error && <Banner status="error" text={plugin.error.message} />}
      {plugin.pending && (
        <Banner status="warning" text={strings.waits(plugin.pending.version)}>
          <Button size="compact-sm" variant="default" renderRoot={(props) => <AppLink {...props} target={paths.reviewRelease(plugin.pending?.digest ?? "")} />}>
            {strings.review}
          </Button>
        </Banner>
      )}
      {plugin.canary && (
        <Banner status="running" text={strings.canaryRuns(plugin.canary.version, plugin.canary.percent, canary?.calls ?? 0, canary?.errors ?? 0)}>
          <Button size="compact-sm" loading={isPending} onClick={() => mutate({ change: { part: "promote", body: {} }, done: strings.promoted })}>
            {strings.promote}
          </Button>
          <Button size="compact-sm" variant="default" loading={isPending} onClick={() => mutate({ change: { part: "withdraw", body: {} }, done: strings.withdrawn })}>
            {strings.withdraw}
          </Button>
        </Banner>
      )}
      {(plugin.warnings ?? (plugin.warning === undefined ? [] : [plugin.warning])).map((warning) => (
        <Banner key={warning} status="warning" text={warning} />
      ))}
    </>
  );
}

function Banner({ status, text, children }: { status: Status; text: string; children?: ReactNode }) {
  return (
    <div className={classes.banner} data-status={status} role={status === "error" ? "alert" : undefined}>
      <StatusBadge status={status} label={text} />
      {children}
    </div>
  );
}
