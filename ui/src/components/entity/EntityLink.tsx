import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { briefQuery } from "@/api/queries";
import { strings } from "@/components/strings";
import { parseRef } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import classes from "./EntityLink.module.css";
import { displayName, kindWords, nameOfRef } from "./facts";
import { useHoverCards } from "./hover-context";
import { KindIcon } from "./KindIcon";

/**
 * A link to an entity by its ref: icon of the kind, the name that people use, and a card with the main facts when
 * the pointer rests on it; on a touch screen the first tap opens the card. A ref that leads nowhere stays text. `rowLink` makes it what j and k
 * stop at.
 */
export function EntityLink({ entityRef, icon = true, strong = false, rowLink = false }: { entityRef: string; icon?: boolean; strong?: boolean; rowLink?: boolean }) {
  const { data: entity } = useQuery(briefQuery(entityRef));
  const cards = useHoverCards();
  const touch = useMediaQuery("(hover: none)");
  const kind = parseRef(entityRef)?.kind ?? "";
  const name = entity ? displayName(entity) : nameOfRef(entityRef);
  const glyph = icon && <KindIcon kind={kind} label={kindWords(kind).one} />;

  if (entity === null) {
    return (
      <span className={classes.dangling} title={`${entityRef}: ${strings.notInCatalog}`}>
        {glyph}
        <span className={classes.name}>{name}</span>
      </span>
    );
  }
  return (
    <AppLink
      target={paths.entity(entityRef)}
      className={classes.link}
      data-strong={strong}
      {...(rowLink && { "data-row-link": "" })}
      onMouseEnter={(event) => cards?.show(entityRef, event.currentTarget, "rest")}
      onMouseLeave={() => cards?.hide()}
      onFocus={(event) => cards?.show(entityRef, event.currentTarget, "rest")}
      onBlur={() => cards?.hide()}
      onClick={(event) => {
        if (!touch || !cards || cards.current === entityRef) return;
        event.preventDefault();
        cards.show(entityRef, event.currentTarget, "once");
      }}
    >
      {glyph}
      <span className={classes.name}>{name}</span>
    </AppLink>
  );
}

/** Who owns something: one link, or the words that nobody does. */
export function OwnerChip({ refs }: { refs: readonly string[] }) {
  const [first, ...others] = refs;
  if (first === undefined) return <span className={classes.none}>{strings.noOwner}</span>;
  return (
    <span className={classes.owner}>
      <EntityLink entityRef={first} />
      {others.length > 0 && <span className={classes.none} title={others.join(", ")}>{`+${others.length}`}</span>}
    </span>
  );
}
