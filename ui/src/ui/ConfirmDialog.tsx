import { Button, Modal, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import classes from "./ConfirmDialog.module.css";
import { strings } from "./strings";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  onConfirm: () => void;
  /** "Unregister payments-api?" */
  title: string;
  /** The verb on the button: "Unregister". */
  verb: string;
  /** What goes with it, one line each. */
  consequences?: readonly ReactNode[];
  /** When set, this must be typed first: for what cannot be undone. */
  typeToConfirm?: string;
  pending?: boolean;
  children?: ReactNode;
}

/** Asks before something that cannot be undone: names the thing and lists what goes with it. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, onClose, onConfirm, title, verb, consequences = [], typeToConfirm, pending = false, children } = props;
  const [typed, setTyped] = useState("");
  const close = () => {
    setTyped("");
    onClose();
  };
  const ready = typeToConfirm === undefined || typed === typeToConfirm;
  return (
    <Modal opened={opened} onClose={close} title={title} centered closeButtonProps={{ "aria-label": strings.close }}>
      <form
        className={classes.body}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm();
        }}
      >
        {children}
        {consequences.length > 0 && (
          <ul className={classes.list}>
            {consequences.map((consequence, index) => (
              <li key={index}>{consequence}</li>
            ))}
          </ul>
        )}
        {typeToConfirm !== undefined && (
          <TextInput label={strings.confirmType(typeToConfirm)} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" spellCheck={false} data-autofocus />
        )}
        <div className={classes.actions}>
          <Button variant="default" onClick={close}>
            {strings.cancel}
          </Button>
          <Button type="submit" color="red" disabled={!ready} loading={pending}>
            {verb}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
