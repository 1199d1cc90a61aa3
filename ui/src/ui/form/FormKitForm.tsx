import { Button, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { ErrorState, PartialNotice } from "@/ui/states";
import { strings } from "@/ui/strings";
import classes from "./FormKitForm.module.css";
import type { FormKit } from "./use-form-kit";

interface FormKitFormProps<T extends Record<string, unknown>> {
  kit: FormKit<T>;
  label: string;
  /** The verb on the button. */
  verb: string;
  failureTitle: string;
  children: ReactNode;
}

/** The frame of every form: draft notice, fields, failure, one button, and the question before leaving. */
export function FormKitForm<T extends Record<string, unknown>>({ kit, label, verb, failureTitle, children }: FormKitFormProps<T>) {
  return (
    <form
      aria-label={label}
      noValidate
      className={classes.form}
      onSubmit={kit.submit}
    >
      {kit.restored && (
        <PartialNotice
          action={
            <Button variant="subtle" size="compact-xs" onClick={kit.discardDraft}>
              {strings.discardDraft}
            </Button>
          }
        >
          {strings.draftRestored}
        </PartialNotice>
      )}
      {children}
      {kit.failure !== undefined && <ErrorState error={kit.failure} title={failureTitle} />}
      <div>
        <Button type="submit" loading={kit.pending}>
          {verb}
        </Button>
      </div>
      <Modal opened={kit.blocked !== undefined} onClose={() => kit.blocked?.stay()} title={strings.unsaved} centered closeButtonProps={{ "aria-label": strings.close }}>
        <div className={classes.actions}>
          <Button variant="default" onClick={() => kit.blocked?.leave()}>
            {strings.leave}
          </Button>
          <Button onClick={() => kit.blocked?.stay()} data-autofocus>
            {strings.stay}
          </Button>
        </div>
      </Modal>
    </form>
  );
}
