import { Button, Menu, NativeSelect, SegmentedControl } from "@mantine/core";
import { IconAlertTriangle, IconChevronDown } from "@tabler/icons-react";
import { kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { relationWords } from "@/components/entity/relation-words";
import { INVERSE } from "@/lib/graph/model";
import { MAX_DEPTH, type GraphView } from "@/lib/graph/view";
import classes from "./GraphToolbar.module.css";
import { strings } from "./strings";

const KINDS = ["component", "api", "resource", "system", "domain", "group", "user", "template", "location", "airesource"];
const RELATIONS = Object.keys(INVERSE);

interface GraphToolbarProps {
  view: GraphView;
  mode: "graph" | "list";
  mayAskImpact: boolean;
  onShow: (change: Partial<GraphView>) => void;
}

/** How relations are shown, and which. */
export function GraphToolbar({ view, mode, mayAskImpact, onShow }: GraphToolbarProps) {
  return (
    <div className={classes.bar}>
      <SegmentedControl
        size="xs"
        aria-label={strings.shownAs}
        value={mode}
        onChange={(value) => onShow({ mode: value === "list" ? "list" : "graph" })}
        data={[
          { value: "graph", label: strings.graph },
          { value: "list", label: strings.list },
        ]}
      />
      {!view.impact && (
        <>
          <label className={classes.field}>
            {strings.steps}
            <NativeSelect size="xs" aria-label={strings.stepsLabel} value={String(view.depth)} onChange={(event) => onShow({ depth: Number(event.currentTarget.value) })} data={Array.from({ length: MAX_DEPTH }, (_, index) => String(index + 1))} />
          </label>
          <NativeSelect
            size="xs"
            aria-label={strings.direction}
            value={view.direction}
            onChange={(event) => onShow({ direction: event.currentTarget.value as GraphView["direction"] })}
            data={(["both", "outgoing", "incoming"] as const).map((value) => ({ value, label: strings[value] }))}
          />
          <Choices label={strings.relations} chosen={view.relations} onChange={(relations) => onShow({ relations })} options={[...new Set([...RELATIONS, ...view.relations])].map((value) => ({ value, label: relationWords[value] ?? value }))} />
          <Choices
            label={strings.kinds}
            chosen={view.kinds}
            onChange={(kinds) => onShow({ kinds })}
            options={[...new Set([...KINDS, ...view.kinds])].map((value) => ({ value, label: kindWords(value).many, icon: <KindIcon kind={value} /> }))}
          />
        </>
      )}
      {mayAskImpact && (
        <Button variant="default" className={classes.impact} aria-pressed={view.impact} leftSection={<IconAlertTriangle size={15} />} onClick={() => onShow({ impact: !view.impact })}>
          {strings.impact}
        </Button>
      )}
    </div>
  );
}

interface ChoicesProps {
  label: string;
  chosen: readonly string[];
  options: readonly { value: string; label: string; icon?: React.ReactNode }[];
  onChange: (chosen: string[]) => void;
}

/** Some of many; none chosen is all of them. */
function Choices({ label, chosen, options, onChange }: ChoicesProps) {
  return (
    <Menu position="bottom-start" closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} />}>
          {chosen.length === 0 ? label : strings.filterOn(label, chosen.length)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.CheckboxItem checked={chosen.length === 0} onChange={() => onChange([])}>
          {strings.all}
        </Menu.CheckboxItem>
        {options.map(({ value, label: text, icon }) => (
          <Menu.CheckboxItem key={value} checked={chosen.includes(value)} onChange={(checked) => onChange(checked ? [...chosen, value] : chosen.filter((other) => other !== value))}>
            <span className={classes.option}>
              {icon}
              {text}
            </span>
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
