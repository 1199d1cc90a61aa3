import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import type { PluginDetail } from "@/api/types";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { ErrorState } from "@/ui/states";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import classes from "./PluginPage.module.css";
import { usePluginChange } from "./queries";
import { strings } from "./strings";

/** What an operator should know first, each with what can be done about it. */
export function PluginBanners({ plugin }: { plugin: PluginDetail }) {
  const { mutate, isPending, error } = usePluginChange(plugin.id, plugin.revision);
  const canary = plugin.versions.find((version) => version.role === "canary");
  return (
    <>
      {error && <ErrorState error={error} title={strings.changeFailed} />}
      {plugin.removedAt !== undefined && (
        <Banner
          status="neutral"
          text={strings.isRemoved}
          more={
            plugin.keptUntil !== undefined && (
              <>
                {strings.dataGoes} <RelativeTime value={plugin.keptUntil} />
              </>
            )
          }
        />
      )}
      {!plugin.enabled && plugin.removedAt === undefined && (
        <Banner status="warning" text={strings.disabledBecause(plugin.disabledReason ?? "")}>
          <Button size="xs" variant="default" loading={isPending} onClick={() => mutate({ change: { part: "enable", body: {} }, done: strings.enabled })}>
            {strings.enable}
          </Button>
        </Banner>
      )}
      {plugin.migrating === true && <Banner status="running" text={strings.migrating} />}
      {plugin.error && <Banner status="error" text={plugin.error.message} />}
      {plugin.pending && (
        <Banner status="warning" text={strings.waits(plugin.pending.version)}>
          <Button size="xs" variant="default" renderRoot={(props) => <AppLink {...props} target={paths.reviewRelease(plugin.pending?.digest ?? "")} />}>
            {strings.review}
          </Button>
        </Banner>
      )}
      {plugin.canary && (
        <Banner status="running" text={strings.canaryRuns(plugin.canary.version, plugin.canary.percent, canary?.calls ?? 0, canary?.errors ?? 0)}>
          <Button size="xs" loading={isPending} onClick={() => mutate({ change: { part: "promote", body: {} }, done: strings.promoted })}>
            {strings.promote}
          </Button>
          <Button size="xs" variant="default" loading={isPending} onClick={() => mutate({ change: { part: "withdraw", body: {} }, done: strings.withdrawn })}>
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

function Banner({ status, text, more, children }: { status: Status; text: string; more?: ReactNode; children?: ReactNode }) {
  return (
    <div className={classes.banner} data-status={status} role={status === "error" ? "alert" : undefined}>
      <div className={classes.bannerText}>
        <StatusBadge status={status} label={text} /> {more}
      </div>
      {children}
    </div>
  );
}
