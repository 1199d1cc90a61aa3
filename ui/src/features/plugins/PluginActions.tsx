import { ActionIcon, Button, Checkbox, Menu, Modal, NumberInput, TextInput } from "@mantine/core";
import { IconDots, IconPlayerPlay, IconPlayerRecord, IconPlayerStop, IconRotate2, IconTrash, IconUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { PluginDetail } from "@/api/types";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { ErrorState } from "@/ui/states";
import { useToast } from "@/ui/toast";
import classes from "./PluginPage.module.css";
import { usePluginChange, useRemovePlugin } from "./queries";
import { nameOf } from "./state";
import { strings } from "./strings";

type Dialog = "disable" | "remove" | "rollback" | "record";

/** What can be done to a plugin. Undo over confirm: only what loses something asks first. */
export function PluginActions({ plugin }: { plugin: PluginDetail }) {
  const [dialog, setDialog] = useState<Dialog | undefined>(undefined);
  const { mutate, isPending, error, reset } = usePluginChange(plugin.id, plugin.revision);
  const close = () => {
    reset();
    setDialog(undefined);
  };
  const installed = plugin.origin === "installed";
  const removed = plugin.removedAt !== undefined;
  const latest = plugin.releases[0];
  return (
    <>
      {removed && latest && (
        <Button leftSection={<IconRotate2 size={15} />} renderRoot={(props) => <AppLink {...props} target={paths.reviewRelease(latest.digest)} />}>
          {strings.installAgain}
        </Button>
      )}
      {installed && !removed && (
        <Button variant="default" leftSection={<IconUpload size={15} />} renderRoot={(props) => <AppLink {...props} target={paths.installPlugin()} />}>
          {strings.newVersion}
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon size={32} variant="default" aria-label={strings.more}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!removed && (
            <>
              {plugin.enabled ? (
                <Menu.Item leftSection={<IconPlayerStop size={15} />} onClick={() => setDialog("disable")}>
                  {strings.disable}
                </Menu.Item>
              ) : (
                <Menu.Item leftSection={<IconPlayerPlay size={15} />} onClick={() => mutate({ change: { part: "enable", body: {} }, done: strings.enabled })}>
                  {strings.enable}
                </Menu.Item>
              )}
              {plugin.previous && (
                <Menu.Item leftSection={<IconRotate2 size={15} />} onClick={() => setDialog("rollback")}>
                  {strings.rollBackTo(plugin.previous.version)}
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconPlayerRecord size={15} />} onClick={() => setDialog("record")}>
                {strings.recordCalls}
              </Menu.Item>
            </>
          )}
          {installed && (
            <Menu.Item leftSection={<IconTrash size={15} />} color="red" onClick={() => setDialog("remove")}>
              {removed ? strings.purgeData : strings.remove}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <DisableDialog
        opened={dialog === "disable"}
        title={strings.disableTitle(nameOf(plugin))}
        onClose={close}
        pending={isPending}
        error={error}
        onDisable={(reason) => mutate({ change: { part: "disable", body: { reason } }, done: strings.disabled }, { onSuccess: close })}
      />
      {plugin.previous && (
        <ConfirmDialog
          opened={dialog === "rollback"}
          title={strings.rollBackTitle(nameOf(plugin), plugin.previous.version)}
          verb={strings.rollBack}
          consequences={[strings.rollBackServes, strings.rollBackGrants]}
          pending={isPending}
          onClose={close}
          onConfirm={() => mutate({ change: { part: "rollback", body: {} }, done: strings.rolledBack(plugin.previous?.version ?? "") }, { onSuccess: close })}
        >
          {error && <ErrorState error={error} title={strings.changeFailed} />}
        </ConfirmDialog>
      )}
      <RecordDialog
        opened={dialog === "record"}
        onClose={close}
        pending={isPending}
        error={error}
        onRecord={(calls) => mutate({ change: { part: "record", body: { calls } }, done: strings.willRecord(calls) }, { onSuccess: close })}
      />
      {installed && <RemoveDialog plugin={plugin} opened={dialog === "remove"} onClose={close} />}
    </>
  );
}

interface DialogProps {
  opened: boolean;
  onClose: () => void;
  pending: boolean;
  error: unknown;
}

function DisableDialog({ opened, onClose, pending, error, title, onDisable }: DialogProps & { title: string; onDisable: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog opened={opened} title={title} verb={strings.disable} consequences={[strings.disableRefuses, strings.disableCancels, strings.disableKeeps]} pending={pending} onClose={onClose} onConfirm={() => onDisable(reason)}>
      <TextInput label={strings.reason} description={strings.disableWhy} value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} data-autofocus />
      {error !== null && <ErrorState error={error} title={strings.changeFailed} />}
    </ConfirmDialog>
  );
}

function RecordDialog({ opened, onClose, pending, error, onRecord }: DialogProps & { onRecord: (calls: number) => void }) {
  const [calls, setCalls] = useState<number | string>(5);
  return (
    <Modal opened={opened} onClose={onClose} title={strings.recordTitle} centered closeButtonProps={{ "aria-label": strings.close }}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          onRecord(Number(calls));
        }}
      >
        <p>{strings.recordBody}</p>
        <NumberInput label={strings.recordHowMany} min={1} max={100} value={calls} onChange={setCalls} allowDecimal={false} data-autofocus />
        {error !== null && <ErrorState error={error} title={strings.changeFailed} />}
        <div className={classes.bar}>
          <Button type="submit" loading={pending}>
            {strings.record}
          </Button>
          <Button variant="default" onClick={onClose}>
            {strings.cancel}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Takes the plugin away; of one that is removed already, what is left is its data. */
function RemoveDialog({ plugin, opened, onClose }: { plugin: PluginDetail; opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const toast = useToast();
  const [chosen, setPurge] = useState(false);
  const removed = plugin.removedAt !== undefined;
  const purge = chosen || removed;
  const name = nameOf(plugin);
  const { mutate, isPending, error } = useRemovePlugin(plugin.id, plugin.revision, () => {
    toast({ text: removed ? strings.purged(name) : strings.removed(name) });
    void navigate(paths.plugins());
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={removed ? strings.purgeTitle(name) : strings.removeTitle(name)}
      verb={removed ? strings.purgeData : strings.remove}
      consequences={[...(removed ? [] : [strings.removeRoutes]), purge ? strings.removePurges : strings.removeKeeps]}
      {...(purge && { typeToConfirm: plugin.id })}
      pending={isPending}
      onClose={onClose}
      onConfirm={() => mutate({ purge })}
    >
      {!removed && <Checkbox label={strings.purge} checked={purge} onChange={(event) => setPurge(event.currentTarget.checked)} />}
      {error && <ErrorState error={error} title={strings.changeFailed} />}
    </ConfirmDialog>
  );
}
