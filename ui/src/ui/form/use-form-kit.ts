import { useForm, type UseFormReturnType } from "@mantine/form";
import { useBlocker } from "@tanstack/react-router";
import { useMemo, useState, type SyntheticEvent } from "react";
import { ApiError } from "@/api/error";
import { stored } from "@/lib/storage";

type Values = Record<string, unknown>;

interface FormKitConfig<T extends Values> {
  /** The name under which the draft is kept; it should hold what the form is about. */
  draft: string;
  initial: T;
  /** Messages by field, for what can be told before asking the server. */
  validate?: (values: T) => Partial<Record<keyof T & string, string>>;
  submit: (values: T) => Promise<void>;
}

/** A form with everything around it: draft, server errors at their fields, guard against losing changes. */
export interface FormKit<T extends Values> {
  form: UseFormReturnType<T>;
  submit: (event?: SyntheticEvent<HTMLFormElement>) => void;
  pending: boolean;
  /** A failure that belongs to no field. */
  failure: unknown;
  /** Whether the values came from a draft of an earlier visit. */
  restored: boolean;
  discardDraft: () => void;
  /** Set while a navigation waits for the person's choice. */
  blocked: { leave: () => void; stay: () => void } | undefined;
}

const isValues = (value: unknown): value is Values | null => value === null || (typeof value === "object" && !Array.isArray(value));

/** `/spec/owner` names the field "spec.owner". */
export function fieldOfPointer(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}

/** Splits a server's answer into messages at fields that the form has, and whether anything is left over. */
export function fieldErrors(error: unknown, fields: readonly string[]): { errors: Record<string, string>; complete: boolean } {
  if (!(error instanceof ApiError) || error.fields.length === 0) return { errors: {}, complete: false };
  const errors: Record<string, string> = {};
  let complete = true;
  for (const { pointer, detail } of error.fields) {
    const field = pointer === undefined ? "" : fieldOfPointer(pointer);
    if (fields.includes(field)) errors[field] = detail;
    else complete = false;
  }
  return { errors, complete };
}

export function useFormKit<T extends Values>(config: FormKitConfig<T>): FormKit<T> {
  const draft = useMemo(() => stored<Values | null>(`draft.${config.draft}`, null, isValues), [config.draft]);
  const [restored, setRestored] = useState(() => draft.get() !== null);
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<unknown>(undefined);

  const form = useForm<T>({
    mode: "controlled",
    initialValues: { ...config.initial, ...draft.get() },
    validate: config.validate ? (values) => config.validate?.(values) ?? {} : {},
    validateInputOnBlur: true,
    onValuesChange: (values) => draft.set(values),
  } as Parameters<typeof useForm<T>>[0]);

  // What was restored differs from what the form started with, although the form itself calls it initial.
  const dirty = (form.isDirty() || restored) && !pending;
  const blocker = useBlocker({ shouldBlockFn: () => dirty, enableBeforeUnload: () => dirty, withResolver: true });

  const send = async (values: T) => {
    setPending(true);
    setFailure(undefined);
    try {
      await config.submit(values);
      draft.set(null);
      setRestored(false);
      form.resetDirty(values);
    } catch (cause) {
      const { errors, complete } = fieldErrors(cause, Object.keys(values));
      form.setErrors(errors);
      const first = Object.keys(errors)[0];
      if (first !== undefined) form.getInputNode(first)?.focus();
      if (!complete) setFailure(cause);
    } finally {
      setPending(false);
    }
  };

  return {
    form,
    submit: form.onSubmit((values) => void send(values)),
    pending,
    failure,
    restored,
    discardDraft: () => {
      draft.set(null);
      form.setValues(config.initial);
      form.resetDirty(config.initial);
      draft.set(null);
      setRestored(false);
    },
    blocked: blocker.status === "blocked" ? { leave: blocker.proceed, stay: blocker.reset } : undefined,
  };
}
