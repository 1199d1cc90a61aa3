import { Button } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState, type DragEvent } from "react";
import { paths } from "@/lib/paths";
import { formatBytes } from "@/lib/units";
import { ErrorState } from "@/ui/states";
import { FormTemplate } from "@/ui/templates";
import classes from "./InstallPage.module.css";
import { reviewQuery, uploadRelease } from "./queries";
import { strings } from "./strings";

const MAX_BYTES = 32 * 1024 * 1024;

/** Brings a module to the host. Nothing is installed before its review. */
export default function InstallPage() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [sending, setSending] = useState(false);
  const [over, setOver] = useState(false);
  const upload = useRef<AbortController | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const hint = useId();
  useEffect(() => () => upload.current?.abort(), []);

  const tooLarge = file !== null && file.size > MAX_BYTES;
  const take = (taken: File | undefined) => {
    setFailure(undefined);
    setFile(taken ?? null);
  };
  const send = async () => {
    if (!file) return;
    const running = new AbortController();
    upload.current = running;
    setSending(true);
    setFailure(undefined);
    try {
      const review = await uploadRelease(file, running.signal);
      client.setQueryData(reviewQuery(review.digest).queryKey, review);
      await navigate(paths.reviewRelease(review.digest));
    } catch (cause) {
      if (!running.signal.aborted) setFailure(cause);
    } finally {
      setSending(false);
    }
  };
  const drag = (event: DragEvent, inside: boolean) => {
    event.preventDefault();
    setOver(inside);
  };

  return (
    <FormTemplate
      title={strings.install}
      crumbs={[{ label: strings.title, target: paths.plugins() }]}
      footer={
        <>
          <Button onClick={() => void send()} disabled={file === null || tooLarge} loading={sending}>
            {strings.review}
          </Button>
          {sending && (
            <Button variant="default" onClick={() => upload.current?.abort()}>
              {strings.cancel}
            </Button>
          )}
        </>
      }
    >
      <p id={hint}>{strings.installBody}</p>
      <label
        className={classes.drop}
        data-over={over}
        onDragOver={(event) => drag(event, true)}
        onDragLeave={(event) => drag(event, false)}
        onDrop={(event) => {
          drag(event, false);
          take(event.dataTransfer.files[0]);
        }}
      >
        <IconFileUpload size={26} stroke={1.5} aria-hidden="true" />
        <span className={classes.name}>{file ? file.name : strings.chooseModule}</span>
        <span className={classes.hint}>{file ? formatBytes(file.size) : strings.chooseHint}</span>
        <input ref={input} type="file" accept=".wasm,application/wasm" aria-label={strings.module} aria-describedby={hint} className={classes.input} onChange={(event) => take(event.currentTarget.files?.[0])} />
      </label>
      {tooLarge && <p role="alert">{strings.tooLarge(formatBytes(MAX_BYTES))}</p>}
      {failure !== undefined && <ErrorState error={failure} title={strings.uploadFailed} onRetry={() => void send()} />}
      <p className={classes.hint}>
        {strings.orCommand} <code>callboard plugin install dist/plugin.wasm</code>
      </p>
    </FormTemplate>
  );
}
