import type { Entity, ModelField } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { fieldLabel, fieldValue, type FieldValue } from "@/components/entity/own-fields";
import type { Column } from "@/ui/table/columns";
import classes from "./columns.module.css";
import { strings } from "./strings";

/** The column of a field that a plugin declares. Its id and its sort key are the path, so that a view that names it finds it again. */
export function fieldColumn(field: ModelField, shown: boolean): Column<Entity> {
  return {
    id: field.path,
    header: fieldLabel(field),
    cell: (entity) => <FieldCell value={fieldValue(entity, field)} />,
    sortKey: field.path,
    ...((field.type === "integer" || field.type === "number") && { align: "end" }),
    ...(!shown && { hidden: true }),
  };
}

/** What an entity says in a field, for a cell of a file: refs complete, flags as JSON writes them. */
export function fieldText(entity: Entity, field: ModelField): string {
  const value = fieldValue(entity, field);
  switch (value?.type) {
    case "refs":
      return value.refs.join(" ");
    case "url":
      return value.url;
    case "flag":
      return String(value.on);
    case "text":
      return value.text;
    case undefined:
      return "";
  }
}

function FieldCell({ value }: { value: FieldValue | undefined }) {
  switch (value?.type) {
    case "refs":
      return <FirstOf refs={value.refs} />;
    case "url":
      return (
        <a className={classes.url} href={value.url} rel="noreferrer" title={value.url}>
          {value.url.replace(/^https?:\/\//, "")}
        </a>
      );
    case "flag":
      return value.on ? strings.yes : <span className={classes.muted}>{strings.no}</span>;
    case "text":
      return <span className={classes.text} title={value.text}>{value.text}</span>;
    case undefined:
      return "";
  }
}

/** A row has room for one link; the others are counted, and named on the entity's page. */
function FirstOf({ refs: [first, ...others] }: { refs: readonly string[] }) {
  return (
    <span className={classes.refs}>
      {first !== undefined && <EntityLink entityRef={first} icon={false} />}
      {others.length > 0 && <span className={classes.muted} title={others.join(", ")}>{`+${others.length}`}</span>}
    </span>
  );
}
