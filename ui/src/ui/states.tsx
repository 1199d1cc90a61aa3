import { Button } from "@mantine/core";
import { IconLock, IconPlugConnectedX, IconRefresh, IconZoomQuestion, type Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/error";
import { CopyText } from "./Copy";
import classes from "./states.module.css";
import { strings } from "./strings";
import { useDelayed } from "./use-delayed";

interface StateProps {
  icon: Icon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  role?: "alert";
}

function State({ icon: StateIcon, title, children, action, role }: StateProps) {
  return (
    <div className={classes.state} role={role}>
      <StateIcon size={22} stroke={1.6} className={classes.icon} aria-hidden="true" />
      <p className={classes.title}>{title}</p>
      {children !== undefined && <div className={classes.body}>{children}</div>}
      {action !== undefined && <div className={classes.action}>{action}</div>}
    </div>
  );
}

/** Nothing here, and what to do about it. */
export function EmptyState({ title, children, action, icon = IconZoomQuestion }: { title: string; children?: ReactNode; action?: ReactNode; icon?: Icon }) {
  return (
    <State icon={icon} title={title} action={action}>
      {children}
    </State>
  );
}

/** Which permission is missing, by which rule, and who can grant it. */
export function DeniedState({ error, renderRef = (ref) => <code>{ref}</code> }: { error: ApiError; renderRef?: (ref: string) => ReactNode }) {
  const denial = error.denial;
  return (
    <State icon={IconLock} title={strings.deniedTitle} role="alert">
      <p>{error.message}</p>
      {denial && (
        <dl className={classes.denial}>
          <dt>{strings.deniedPermission}</dt>
          <dd>
            <code>{denial.permission}</code>
          </dd>
          {denial.rule !== undefined && (
            <>
              <dt>{strings.deniedRule}</dt>
              <dd>
                <code>{denial.rule}</code>
              </dd>
            </>
          )}
          {denial.grantedBy && (
            <>
              <dt>{strings.deniedGrantedBy}</dt>
              <dd>{denial.grantedBy.map((ref) => <span key={ref}>{renderRef(ref)} </span>)}</dd>
            </>
          )}
        </dl>
      )}
      <RequestId error={error} />
    </State>
  );
}

/** What happened, what was not lost, what to do, and the request id. A denial becomes its own state. */
export function ErrorState({ error, title, onRetry }: { error: unknown; title: string; onRetry?: () => void }) {
  if (error instanceof ApiError && error.kind === "denied") return <DeniedState error={error} />;
  const retry = onRetry && (
    <Button variant="default" leftSection={<IconRefresh size={15} />} onClick={onRetry}>
      {strings.retry}
    </Button>
  );
  return (
    <State icon={IconPlugConnectedX} title={title} role="alert" action={retry}>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {error instanceof ApiError && error.kind === "network" && <p>{strings.offline}</p>}
      {error instanceof ApiError && <RequestId error={error} />}
    </State>
  );
}

function RequestId({ error }: { error: ApiError }) {
  if (error.requestId === undefined) return null;
  return (
    <p className={classes.request}>
      {strings.requestId} <CopyText value={error.requestId} />
    </p>
  );
}

/** Part of the answer is missing: said in one line above what is there. */
export function PartialNotice({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.partial} role="status">
      <span>{children}</span>
      {action}
    </div>
  );
}

/** Grey lines in the place of what loads, after 150 ms. Keeps its height from the start, so nothing shifts. */
export function SkeletonLines({ lines, height = 36 }: { lines: number; height?: number }) {
  const visible = useDelayed();
  return (
    <div className={classes.skeleton} data-visible={visible} role="status" aria-label={strings.loading}>
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} className={classes.line} style={{ height }}>
          <span style={{ width: `${[62, 84, 48, 73, 56][index % 5] ?? 60}%` }} />
        </div>
      ))}
    </div>
  );
}
