import { Button, SegmentedControl, Textarea } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { CapabilityIcon } from "./capability-icon";
import { choicesOf, scopeOf, scopeWords, type Choice, type Decision } from "./grant";
import classes from "./GrantRow.module.css";
import { capabilityWords, strings } from "./strings";

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
  /** Whether what is granted is narrower than what is asked for, and may stay so. */
  keeps?: boolean;
  decision: Decision;
  onDecide: (decision: Decision) => void;
}

/** One power: what, why, and whether. Reads like a line of a phone's permission sheet. */
export function GrantRow(props: GrantRowProps) {
  const { name, reason, requested, granted, badge, notes, fixedBy, keeps, decision, onDecide } = props;
  const [editing, setEditing] = useState(false);
  const asks = scopeWords(requested);
  const has = granted === undefined ? undefined : scopeWords(granted);
  const narrows = decision.choice === "narrow" && fixedBy === undefined;
  const broken = narrows && scopeOf(decision.scope) === undefined;
  return (
    <li className={classes.row} data-open={decision.choice === undefined && fixedBy === undefined}>
      <span className={classes.icon}>
        <CapabilityIcon name={name} />
      </span>
      <div className={classes.what}>
        <div className={classes.head}>
          <span className={classes.title}>{capabilityWords[name] ?? name}</span>
          <code className={classes.name}>{name}</code>
          {badge}
        </div>
        {reason !== undefined && reason !== "" && <p>{reason}</p>}
        {asks !== undefined && (
          <p className={classes.scope}>
            {strings.asksTo} {asks}
          </p>
        )}
        {has !== undefined && has !== asks && (
          <p className={classes.scope}>
            {strings.grantedTo} {has}
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
            onChange={(choice) => {
              setEditing(choice === "narrow");
              onDecide({ ...decision, choice: choice as Choice });
            }}
            data={choicesOf(decision, asks, keeps).map((value) => ({ value, label: strings[value] }))}
          />
          {narrows && !editing && !broken && (
            <Button variant="subtle" size="compact-xs" onClick={() => setEditing(true)} aria-label={strings.editScopeOf(name)}>
              {strings.editScope}
            </Button>
          )}
        </div>
      ) : (
        <span className={classes.fixed}>
          <IconLock size={14} aria-hidden="true" />
          {strings.fixedBy(fixedBy)}
        </span>
      )}
      {narrows && (editing || broken) && (
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
