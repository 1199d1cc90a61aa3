import { EntityLink } from "@/components/entity/EntityLink";
import { relationWords } from "@/components/entity/relation-words";
import { paths } from "@/lib/paths";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import classes from "./RelationGroup.module.css";
import { strings } from "./strings";

const FIRST = 8;

interface RelationGroupsProps {
  entityRef: string;
  groups: readonly { type: string; refs: readonly string[] }[];
  /** Show everything instead of the first few and a link. */
  all?: boolean;
}

/** Related entities by what relates them. */
export function RelationGroups({ entityRef, groups, all = false }: RelationGroupsProps) {
  return (
    <dl className={classes.groups}>
      {groups.map(({ type, refs }) => {
        const shown = all ? refs : refs.slice(0, FIRST);
        return (
          <div key={type} className={classes.group}>
            <dt>{relationWords[type] ?? type}</dt>
            <dd>
              <ul className={classes.list}>
                {shown.map((ref) => (
                  <li key={ref}>
                    <EntityLink entityRef={ref} />
                  </li>
                ))}
                {shown.length < refs.length && (
                  <li>
                    <AppLink target={paths.entity(entityRef, "relations")} className={classes.more}>
                      {strings.allRelations(formatCount(refs.length))}
                    </AppLink>
                  </li>
                )}
              </ul>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
