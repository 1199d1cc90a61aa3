import { Button } from "@mantine/core";
import { useState } from "react";
import type { PluginDetail } from "@/api/types";
import { formatCount } from "@/lib/units";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { EmptyState, ErrorState } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import { decisionOf, grantOf, type Decision } from "./grant";
import { GrantRow } from "./GrantRow";
import classes from "./PluginPage.module.css";
import { usePluginChange, type Grant } from "./queries";
import { strings } from "./strings";

type Capability = PluginDetail["capabilities"][number];

/** What it asked for, what it got, what it used of it; and the means to give less or more. */
export default function PermissionsTab({ plugin }: { plugin: PluginDetail }) {
  const [decisions, setDecisions] = useState<Record<string, Decision>>({});
  const { mutate, isPending, error } = usePluginChange(plugin.id, plugin.revision);
  const changed = changes(plugin.capabilities, decisions);
  const count = Object.keys(changed).length;
  const save = () => mutate({ change: { part: "grants", body: { grants: changed } }, done: strings.grantsSaved }, { onSuccess: () => setDecisions({}) });
  if (plugin.capabilities.length === 0) return <EmptyState title={strings.mayNone} />;
  return (
    <Section
      title={strings.may}
      count={plugin.capabilities.length}
      aside={
        plugin.capabilities.some(({ fixedBy }) => fixedBy === undefined) && <div className={classes.bar}>
          {count > 0 && (
            <Button variant="default" size="compact-sm" onClick={() => setDecisions({})}>
              {strings.discard}
            </Button>
          )}
          <Button size="compact-sm" disabled={count === 0} loading={isPending} onClick={save}>
            {strings.saveChanges(count)}
          </Button>
        </div>
      }
    >
      {error && <ErrorState error={error} title={strings.changeFailed} onRetry={save} />}
      <ul>
        {plugin.capabilities.map((capability) => (
          <GrantRow
            key={capability.name}
            name={capability.name}
            reason={capability.reason}
            requested={capability.requested}
            granted={capability.granted ? capability.scope : undefined}
            fixedBy={capability.fixedBy}
            badge={<StatusBadge status={capability.granted ? "ok" : "warning"} label={capability.granted ? strings.granted : strings.notGranted} />}
            notes={<Use capability={capability} />}
            decision={decisions[capability.name] ?? now(capability)}
            onDecide={(decision) => setDecisions((all) => ({ ...all, [capability.name]: decision }))}
          />
        ))}
      </ul>
    </Section>
  );
}

function Use({ capability }: { capability: Capability }) {
  const denied = capability.denied > 0 ? `, ${strings.deniedTimes(formatCount(capability.denied))}` : "";
  if (capability.uses === 0) return <>{strings.neverUsed + denied}</>;
  return (
    <>
      {strings.usedTimes(formatCount(capability.uses)) + denied}
      {capability.lastUsedAt !== undefined && (
        <>
          , {strings.last} <RelativeTime value={capability.lastUsedAt} />
        </>
      )}
    </>
  );
}

/** The decision that is in force. Without one, what is granted is granted as asked for. */
const now = (capability: Capability): Decision => decisionOf(capability.grant ?? capability.granted, capability.requestedScope);

function changes(capabilities: readonly Capability[], decisions: Record<string, Decision>): Record<string, Grant> {
  const out: Record<string, Grant> = {};
  for (const capability of capabilities) {
    const decision = decisions[capability.name];
    const grant = decision && grantOf(decision);
    if (grant !== undefined && JSON.stringify(grant) !== JSON.stringify(grantOf(now(capability)))) out[capability.name] = grant;
  }
  return out;
}
