import { Button, Checkbox, SegmentedControl, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { EntityCard } from "@/components/entity/HoverCard";
import { EntityLink, OwnerChip } from "@/components/entity/EntityLink";
import { kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { CopyText } from "@/ui/Copy";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { StatusBadge } from "@/ui/StatusBadge";
import classes from "./Gallery.module.css";
import { strings } from "./strings";

const ROLES = ["canvas", "surface", "sunken", "hover", "pressed", "line", "line-strong", "text", "text-muted", "text-faint", "accent", "accent-hover", "accent-soft", "on-accent", "ok", "ok-soft", "warn", "warn-soft", "error", "error-soft", "neutral", "neutral-soft", "mark"];
const KINDS = ["component", "api", "resource", "system", "domain", "group", "user", "template", "location", "airesource", "unknown"];

export function Colours() {
  return (
    <Section title={strings.colours}>
      <ul className={classes.colours}>
        {ROLES.map((role) => (
          <li key={role}>
            <span className={classes.swatch} style={{ background: `var(--cb-${role})` }} />
            <code>{role}</code>
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Type() {
  return (
    <Section title={strings.type}>
      <div className={classes.stack}>
        <p className={classes.xl}>Page title, 22 px</p>
        <p className={classes.lg}>State title, 16 px</p>
        <p>Body, 14 px. Figures are tabular where they are compared: 1,111 and 8,888.</p>
        <p className={classes.sm}>Small, 13 px: tables, facts</p>
        <p className={classes.xs}>Smallest, 12 px: headings of columns</p>
        <code>JetBrains Mono: component:default/playback-edge 0O 1lI</code>
      </div>
    </Section>
  );
}

export function Controls() {
  return (
    <Section title={strings.buttons}>
      <div className={classes.row}>
        <Button>Register component</Button>
        <Button variant="default">Cancel</Button>
        <Button variant="subtle">Learn more</Button>
        <Button color="red">Unregister</Button>
        <Button loading>Saving</Button>
        <Button disabled>Not yet</Button>
        <SegmentedControl size="xs" aria-label="Format" data={["YAML", "JSON"]} />
      </div>
      <div className={classes.columns}>
        <TextInput label="Name" description="Unique in its namespace" placeholder="playback-edge" />
        <TextInput label="Name" defaultValue="Playback Edge" error="Only letters, digits, dots, dashes and underscores" />
        <Select label="Owner" data={["Playback", "Payments"]} defaultValue="Payments" allowDeselect={false} />
        <Textarea label="Description" defaultValue="Plays video." disabled />
        <Checkbox label="Production" defaultChecked />
        <Switch label="Single-letter keys" defaultChecked />
      </div>
    </Section>
  );
}

export function Statuses() {
  return (
    <Section title={strings.statuses}>
      <div className={classes.row}>
        <StatusBadge status="ok" label="Healthy" />
        <StatusBadge status="warning" label="Degraded" />
        <StatusBadge status="error" label="Failed" />
        <StatusBadge status="running" label="Running" />
        <StatusBadge status="neutral" label="Stopped" />
        <StatusBadge status="unknown" label="Unknown" />
        <RelativeTime value="2026-01-15T12:00:00Z" />
        <CopyText value="component:default/playback-edge" />
      </div>
    </Section>
  );
}

export function Entities() {
  return (
    <Section title={strings.entities}>
      <ul className={classes.row}>
        {KINDS.map((kind) => (
          <li key={kind} className={classes.kind}>
            <KindIcon kind={kind} /> {kindWords(kind).one}
          </li>
        ))}
      </ul>
      <div className={classes.row}>
        <EntityLink entityRef="group:default/payments" />
        <EntityLink entityRef="component:default/not-in-the-catalog" />
        <OwnerChip refs={["group:default/payments", "group:default/platform"]} />
        <OwnerChip refs={[]} />
      </div>
      <div className={classes.popover}>
        <EntityCard entityRef="group:default/payments" />
      </div>
    </Section>
  );
}
