import { Popover } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { briefQuery } from "@/api/queries";
import { strings } from "@/components/strings";
import { parseRef } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { StatusBadge } from "@/ui/StatusBadge";
import { displayName, healthOf, kindWords, nameOfRef, specText } from "./facts";
import { HoverContext } from "./hover-context";
import classes from "./HoverCard.module.css";
import { KindIcon } from "./KindIcon";

const REST_MS = 300;
const LEAVE_MS = 160;

/** One card for all entity links of the page, so that a table of links costs no more than a table of text. */
export function HoverCardProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<{ ref: string; box: DOMRect }>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const later = useCallback((delay: number, act: () => void) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(act, delay);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);

  const show = useCallback(
    (ref: string, anchor: HTMLElement, at: "rest" | "once") => later(at === "once" ? 0 : REST_MS, () => setShown({ ref, box: anchor.getBoundingClientRect() })),
    [later],
  );
  const hide = useCallback(() => later(LEAVE_MS, () => setShown(undefined)), [later]);
  const keep = useCallback(() => clearTimeout(timer.current), []);
  const current = shown?.ref;
  const cards = useMemo(() => ({ show, hide, current }), [show, hide, current]);

  useEffect(() => {
    if (current === undefined) return;
    const close = () => setShown(undefined);
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") close();
    };
    window.addEventListener("scroll", close, { capture: true, passive: true });
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("scroll", close, { capture: true });
      window.removeEventListener("keydown", onKey);
    };
  }, [current]);

  return (
    <HoverContext value={cards}>
      {children}
      {shown && (
        <Popover opened withRoles={false} trapFocus={false} position="bottom-start" width={320} shadow="md" onDismiss={() => setShown(undefined)} transitionProps={{ duration: 0 }}>
          <Popover.Target>
            <span className={classes.anchor} style={{ left: shown.box.left, top: shown.box.top, width: shown.box.width, height: shown.box.height }} />
          </Popover.Target>
          <Popover.Dropdown role="complementary" aria-label={strings.aboutEntity(nameOfRef(shown.ref))} onMouseEnter={keep} onMouseLeave={hide}>
            <EntityCard entityRef={shown.ref} />
          </Popover.Dropdown>
        </Popover>
      )}
    </HoverContext>
  );
}

/** The few facts that answer "what is this and whose is it". */
export function EntityCard({ entityRef }: { entityRef: string }) {
  const { data: entity, isPending } = useQuery(briefQuery(entityRef));
  const kind = parseRef(entityRef)?.kind ?? "";
  const owner = entity ? specText(entity, "owner") : undefined;
  const health = entity ? healthOf(entity) : undefined;
  const line = entity && [kindWords(kind).one, specText(entity, "type"), specText(entity, "lifecycle")].filter(Boolean).join(" · ");
  return (
    <div className={classes.card}>
      <div className={classes.head}>
        <KindIcon kind={kind} size={18} />
        <span className={classes.name}>{entity ? displayName(entity) : nameOfRef(entityRef)}</span>
        {health && health.status !== "ok" && <StatusBadge {...health} />}
      </div>
      {!entity && !isPending && <p className={classes.muted}>{strings.notInCatalog}</p>}
      {line && <p className={classes.muted}>{line}</p>}
      {entity?.metadata.description !== undefined && <p className={classes.description}>{entity.metadata.description}</p>}
      <div className={classes.foot}>
        <span className={classes.muted}>{owner === undefined ? "" : nameOfRef(owner.includes(":") ? owner : `group:${owner}`)}</span>
        {entity && (
          <AppLink target={paths.entity(entityRef)} className={classes.open}>
            {strings.open}
          </AppLink>
        )}
      </div>
    </div>
  );
}
