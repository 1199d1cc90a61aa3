import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { strings } from "./strings";
import classes from "./toast.module.css";

/** A short message about something that just happened. */
export interface ToastMessage {
  text: string;
  /** Takes back what happened. */
  undo?: () => void;
}

type Shown = ToastMessage & { id: number };

const STAY_MS = 6000;
const ToastContext = createContext<((message: ToastMessage) => void) | null>(null);

/** Says something at the bottom of the window and in the live region. */
export function useToast(): (message: ToastMessage) => void {
  const show = useContext(ToastContext);
  if (!show) throw new Error("useToast needs a ToastProvider above it");
  return show;
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Shown[]>([]);
  const dismiss = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback((message: ToastMessage) => setShown((all) => [...all.slice(-2), { ...message, id: (all.at(-1)?.id ?? 0) + 1 }]), []);
  return (
    <ToastContext value={show}>
      {children}
      <div className={classes.region} role="status" aria-live="polite" aria-relevant="additions">
        {shown.map((toast) => (
          <ToastCard key={toast.id} toast={toast} onDismiss={dismiss} />
        ))}
      </div>
    </ToastContext>
  );
}

function ToastCard({ toast, onDismiss }: { toast: Shown; onDismiss: (id: number) => void }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => onDismiss(toast.id), STAY_MS);
    return () => clearTimeout(timer);
  }, [held, toast.id, onDismiss]);
  const hold = useMemo(() => ({ onMouseEnter: () => setHeld(true), onMouseLeave: () => setHeld(false), onFocus: () => setHeld(true), onBlur: () => setHeld(false) }), []);
  const { undo } = toast;
  return (
    <div className={classes.toast} {...hold}>
      <span>{toast.text}</span>
      {undo && (
        <Button
          variant="subtle"
          size="compact-xs"
          onClick={() => {
            undo();
            onDismiss(toast.id);
          }}
        >
          {strings.undo}
        </Button>
      )}
      <ActionIcon aria-label={strings.dismiss} size={22} onClick={() => onDismiss(toast.id)}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}
