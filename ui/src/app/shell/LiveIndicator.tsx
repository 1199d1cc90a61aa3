import { Popover, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { pluginsQuery, readinessQuery } from "@/api/queries";
import { strings } from "@/app/strings";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { StatusBadge } from "@/ui/StatusBadge";
import classes from "./LiveIndicator.module.css";

/** Silent while everything works. Otherwise it says what does not, what still does, and where to look. */
export function LiveIndicator() {
  const readiness = useQuery(readinessQuery());
  const { data: plugins } = useQuery(pluginsQuery());
  const broken = (readiness.data?.checks ?? []).filter((check) => check.status !== "ok").map((check) => ({ name: check.name, message: check.message ?? check.status }));
  const failed = (plugins ?? []).filter((plugin) => plugin.state === "failed").map((plugin) => ({ name: plugin.title ?? plugin.id, message: plugin.error?.message ?? plugin.state }));
  const names = new Set(failed.map((problem) => problem.name));
  const problems = [...failed, ...broken.filter((problem) => !names.has(problem.name))];
  if (!readiness.isError && problems.length === 0) return null;
  const title = readiness.isError ? strings.unreachable : strings.degraded;
  return (
    <Popover position="bottom-end" width={320} shadow="md">
      <Popover.Target>
        <UnstyledButton className={classes.button} aria-live="polite">
          <StatusBadge status={readiness.isError || readiness.data?.status === "error" ? "error" : "warning"} label={title} />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={title}>
        <div className={classes.body}>
          {problems.map((problem) => (
            <div key={problem.name}>
              <strong>{problem.name}</strong>
              <p>{problem.message}</p>
            </div>
          ))}
          <p className={classes.muted}>{strings.stillWorks}</p>
          <AppLink target={paths.health()} className={classes.link}>
            {strings.openHealth}
          </AppLink>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
