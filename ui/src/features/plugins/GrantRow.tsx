import { SegmentedControl, Textarea } from "@mantine/core";
import type { ReactNode } from "react";
import { StatusBadge } from "@/ui/StatusBadge";
import type { Choice, Decision } from "./grant";
import { scopeOf } from "./grant";
import classes from "./GrantRow.module.css";
import { strings } from "./strings";

interface GrantRowProps {
  name: string;
  reason?: string | undefined;
  /** What is asked for, in words. */
  requested: string;
  /** What is granted today, in words; undefined when nothing is. */
  granted?: string | undefined;
  badge?: ReactNode;
  /** Facts in small print: uses, denials. */
  notes?: ReactNode;
  /** File and line that decide, so that this page cannot. */
  fixedBy?: string | undefined;
  decision: Decision;
  onDecide: (decision: Decision) => void;
}

/** One power: what, why, and whether. Reads like a line of a phone's permission sheet. */
export function GrantRow(props: GrantRowProps) {
  const { name, reason, requested, granted, badge, notes, fixedBy, decision, onDecide } = props;
  const broken = decision.choice === "narrow" && scopeOf(decision.scope) === undefined;
  return (
    <li className={classes.row}>
      <div className={classes.head}>
        <code className={classes.name}>{name}</code>
        {badge}
      </div>
      <div className={classes.what}>
        {reason !== undefined && reason !== "" && <p>{reason}</p>}
        <p className={classes.scope}>
          {strings.asksTo} {requested === "" ? strings.everything : requested}
        </p>
        {granted !== undefined && granted !== requested && (
          <p className={classes.scope}>
            {strings.grantedTo} {granted}
          </p>
        )}
        {notes !== undefined && <p className={classes.notes}>{notes}</p>}
      </div>
      {fixedBy === undefined ? (
        <div className={classes.decide}>
          <SegmentedControl
            aria-label={strings.decideAbout(name)}
            size="xs"
            value={decision.choice ?? ""}
            onChange={(choice) => onDecide({ ...decision, choice: choice as Choice })}
            data={[
              { value: "allow", label: strings.allow },
              { value: "narrow", label: strings.narrow },
              { value: "deny", label: strings.deny },
            ]}
          />
        </div>
      ) : (
        <StatusBadge status="neutral" label={strings.fixedBy(fixedBy)} />
      )}
      {decision.choice === "narrow" && fixedBy === undefined && (
        <Textarea
          className={classes.editor}
          label={strings.narrowerScope(name)}
          description={strings.narrowerHint}
          error={broken ? strings.notAnObject : undefined}
          value={decision.scope}
          onChange={(event) => onDecide({ ...decision, scope: event.currentTarget.value })}
          autosize
          minRows={3}
          maxRows={12}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--cb-font-mono)", fontSize: "var(--cb-text-sm)" } }}
        />
      )}
    </li>
  );
}
