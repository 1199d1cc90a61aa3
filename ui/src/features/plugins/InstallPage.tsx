import { Button } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState, type DragEvent } from "react";
import { paths } from "@/lib/paths";
import { formatBytes, formatShare } from "@/lib/units";
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
  const [sent, setSent] = useState<number | undefined>(undefined);
  const [foreign, setForeign] = useState(false);
  const [over, setOver] = useState(false);
  const upload = useRef<AbortController | null>(null);
  const hint = useId();
  useEffect(() => () => upload.current?.abort(), []);

  const sending = sent !== undefined;
  const tooLarge = file !== null && file.size > MAX_BYTES;
  const take = async (taken: File | undefined) => {
    setFailure(undefined);
    setFile(taken ?? null);
    setForeign(taken !== undefined && !(await isModule(taken)));
  };
  const send = async () => {
    if (!file) return;
    const running = new AbortController();
    upload.current = running;
    setSent(0);
    setFailure(undefined);
    try {
      const review = await uploadRelease(file, running.signal, setSent);
      client.setQueryData(reviewQuery(review.digest).queryKey, review);
      await navigate(paths.reviewRelease(review.digest));
    } catch (cause) {
      if (!running.signal.aborted) setFailure(cause);
    } finally {
      setSent(undefined);
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
          <Button onClick={() => void send()} disabled={file === null || tooLarge || foreign} loading={sending}>
            {strings.uploadAndReview}
          </Button>
          {sending && (
            <Button variant="default" onClick={() => upload.current?.abort()}>
              {strings.cancel}
            </Button>
          )}
          <span role="status" className={classes.hint}>
            {sending && (sent < 1 ? strings.uploading(formatShare(sent)) : strings.checking)}
          </span>
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
          void take(event.dataTransfer.files[0]);
        }}
      >
        <IconFileUpload size={26} stroke={1.5} aria-hidden="true" />
        <span className={classes.name}>{file ? file.name : strings.chooseModule}</span>
        <span className={classes.hint}>{file ? formatBytes(file.size) : strings.chooseHint}</span>
        <input type="file" accept=".wasm,application/wasm" aria-label={strings.module} aria-describedby={hint} className={classes.input} onChange={(event) => void take(event.currentTarget.files?.[0])} />
      </label>
      {sending && <progress className={classes.progress} aria-label={strings.module} max={1} {...(sent < 1 && { value: sent })} />}
      {foreign && <p role="alert" className={classes.mistake}>{strings.notWasm}</p>}
      {tooLarge && <p role="alert" className={classes.mistake}>{strings.tooLarge(formatBytes(MAX_BYTES))}</p>}
      {failure !== undefined && <ErrorState error={failure} title={strings.uploadFailed} onRetry={() => void send()} />}
      <p className={classes.hint}>
        {strings.orCommand} <code>callboard plugin install dist/plugin.wasm</code>
      </p>
    </FormTemplate>
  );
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** Whether a file begins as every WebAssembly module does. The host looks at the rest. */
async function isModule(file: File): Promise<boolean> {
  const start = new Uint8Array(await file.slice(0, MAGIC.length).arrayBuffer());
  return MAGIC.every((byte, index) => start[index] === byte);
}
