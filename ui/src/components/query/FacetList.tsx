import { Checkbox } from "@mantine/core";
import { useId, useState } from "react";
import { formatCount } from "@/lib/units";
import classes from "./FacetList.module.css";

const FIRST = 6;

export interface FacetValue {
  value: string;
  label: string;
  count: number;
}

interface FacetListProps {
  title: string;
  values: readonly FacetValue[];
  selected: ReadonlySet<string>;
  onToggle: (value: string) => void;
  moreLabel: string;
  lessLabel: string;
}

/** The values of one field with how many entities each would give; selected ones first, then by count. */
export function FacetList({ title, values, selected, onToggle, moreLabel, lessLabel }: FacetListProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const isOn = (value: string) => selected.has(value.toLowerCase());
  const ordered = [...values].sort((a, b) => Number(isOn(b.value)) - Number(isOn(a.value)) || b.count - a.count || a.label.localeCompare(b.label));
  const shown = open ? ordered : ordered.slice(0, FIRST);
  if (ordered.length === 0) return null;
  return (
    <fieldset className={classes.root} aria-labelledby={id}>
      <legend id={id} className={classes.title}>
        {title}
      </legend>
      <ul>
        {shown.map((facet) => (
          <li key={facet.value} className={classes.item} data-empty={facet.count === 0}>
            <Checkbox
              checked={isOn(facet.value)}
              onChange={() => onToggle(facet.value)}
              label={facet.label}
              aria-label={`${facet.label}, ${formatCount(facet.count)}`}
              classNames={{ root: classes.check ?? "", label: classes.label ?? "" }}
            />
            <span className={classes.count} aria-hidden="true">
              {formatCount(facet.count)}
            </span>
          </li>
        ))}
      </ul>
      {ordered.length > FIRST && (
        <button type="button" className={classes.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? lessLabel : `${moreLabel} (${ordered.length - FIRST})`}
        </button>
      )}
    </fieldset>
  );
}
