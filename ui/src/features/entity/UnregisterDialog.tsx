import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { broughtQuery, locationQuery, ORIGIN } from "@/api/locations";
import type { Entity, EntityPage, Location } from "@/api/types";
import { displayName, kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { refOf } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { formatCount, plural } from "@/lib/units";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { useUnregister } from "./queries";
import { locationTarget } from "./source";
import { strings } from "./strings";
import classes from "./UnregisterDialog.module.css";

const SHOWN = 20;

interface UnregisterDialogProps {
  entity: Entity;
  entityRef: string;
  opened: boolean;
  onClose: () => void;
}

/** Takes the location of an entity out of the catalog, after showing all that goes with it. */
export default function UnregisterDialog({ entity, entityRef, opened, onClose }: UnregisterDialogProps) {
  const navigate = useNavigate();
  const origin = entity.metadata.annotations?.[ORIGIN] ?? "";
  const location = useQuery({ ...locationQuery(origin), enabled: opened && origin !== "" });
  const brought = useQuery({ ...broughtQuery(origin, SHOWN), enabled: opened && Boolean(location.data), staleTime: 0 });
  const unregister = useUnregister(entityRef, () => {
    onClose();
    const { to, search } = paths.catalog();
    void navigate({ to, search: search ?? {} });
  });
  const failure = location.error ?? brought.error;
  const retry = () => void (location.error ? location.refetch() : brought.refetch());
  const close = () => {
    unregister.reset();
    onClose();
  };
  const registered = location.data;
  const foreign = origin === "" || registered === null;

  return (
    <Modal opened={opened} onClose={close} title={registered ? strings.unregisterTitle(registered.target) : strings.unregisterAny(displayName(entity))} size="lg" centered closeButtonProps={{ "aria-label": strings.close }}>
      <div className={classes.body}>
        {failure && <ErrorState error={failure} title={strings.unregisterUnknown} onRetry={retry} />}
        {!failure && foreign && <Foreign origin={origin} />}
        {!failure && !foreign && !(registered && brought.data) && <SkeletonLines lines={4} />}
        {!failure && registered && brought.data && <Goes brought={brought.data} location={registered} />}
        {unregister.error && <ErrorState error={unregister.error} title={strings.unregisterFailed} />}
        <Buttons registered={failure || !brought.data ? undefined : (registered ?? undefined)} foreign={foreign} pending={unregister.isPending} onClose={close} onConfirm={unregister.mutate} />
      </div>
    </Modal>
  );
}

function Goes({ brought, location }: { brought: EntityPage; location: Location }) {
  const { items, totalItems } = brought;
  return (
    <>
      <p id="unregister-goes">{strings.goes(plural(totalItems, "entity", "entities"))}</p>
      <ul className={classes.list} tabIndex={0} aria-labelledby="unregister-goes">
        {items.map((item) => (
          <li key={refOf(item)}>
            <KindIcon kind={item.kind} label={kindWords(item.kind).one} />
            <span className={classes.name}>{refOf(item) === location.entityRef ? strings.locationItself : displayName(item)}</span>
            {refOf(item) !== location.entityRef && <code>{refOf(item)}</code>}
          </li>
        ))}
        {totalItems > items.length && <li className={classes.muted}>{strings.andMore(formatCount(totalItems - items.length))}</li>}
      </ul>
      <p className={classes.muted}>{strings.unregisterKeeps}</p>
    </>
  );
}

/** It was not registered here, so it cannot be unregistered here: what has to change instead. */
function Foreign({ origin }: { origin: string }) {
  const at = locationTarget(origin);
  const configured = at !== undefined && ["file", "url"].includes(at.type);
  return (
    <>
      <p>{configured ? strings.fromConfiguration : strings.fromElsewhere}</p>
      {at !== undefined && (
        <p>
          <code className={classes.origin}>{at.target}</code>
        </p>
      )}
      <p className={classes.muted}>{configured ? strings.fromConfigurationHelp : strings.fromElsewhereHelp}</p>
    </>
  );
}

interface ButtonsProps {
  registered: Location | undefined;
  foreign: boolean;
  pending: boolean;
  onClose: () => void;
  onConfirm: (location: Location) => void;
}

function Buttons({ registered, foreign, pending, onClose, onConfirm }: ButtonsProps) {
  return (
    <div className={classes.actions}>
      <Button variant="default" onClick={onClose} data-autofocus>
        {foreign ? strings.close : strings.cancel}
      </Button>
      {!foreign && (
        <Button color="red" disabled={registered === undefined} loading={pending} onClick={() => registered && onConfirm(registered)}>
          {strings.unregister}
        </Button>
      )}
    </div>
  );
}
