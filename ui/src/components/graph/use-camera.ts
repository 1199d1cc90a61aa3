import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform, type ZoomBehavior } from "d3-zoom";
import { useCallback, useLayoutEffect, useMemo, useRef, type RefObject } from "react";
import { NODE_HEIGHT, NODE_WIDTH, type Layout, type Placed } from "@/lib/graph/layout";

const MARGIN = 32;
const LEAST = 0.08;
const MOST = 2;
/** Below this, names cannot be read: a larger graph begins at its start. */
const READABLE = 0.6;
const STEP = 1.3;

export interface Camera {
  zoomBy: (factor: number) => void;
  fit: () => void;
  /** Moves just far enough that the entity is in sight. */
  reveal: (placed: Placed) => void;
}

type Frame = RefObject<HTMLDivElement | null>;

/** Pan and zoom by pointer, touch, wheel and method. It moves the world's element without a render. */
export function useCamera(frameRef: Frame, worldRef: Frame, layout: Layout, start: Placed | undefined): Camera {
  const behaviour = useRef<ZoomBehavior<HTMLDivElement, unknown>>(null);

  useLayoutEffect(() => {
    const element = frameRef.current;
    if (!element) return;
    const moving = zoom<HTMLDivElement, unknown>()
      .scaleExtent([LEAST, MOST])
      .clickDistance(4)
      .on("zoom", ({ transform }: { transform: { x: number; y: number; k: number } }) => {
        if (worldRef.current) worldRef.current.style.transform = `translate(${transform.x}px, ${transform.y}px) scale(${transform.k})`;
      });
    behaviour.current = moving;
    const selected = select(element).call(moving).on("dblclick.zoom", null).on("wheel.zoom", null);
    // The wheel scrolls the page, unless a modifier or the focus says that the graph is meant.
    const wheel = (event: WheelEvent) => {
      const zooms = event.ctrlKey || event.metaKey;
      if (!zooms && !element.contains(document.activeElement)) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const scale = zoomTransform(element).k;
      if (zooms) moving.scaleBy(selected, 2 ** (-event.deltaY / 120), [event.clientX - box.left, event.clientY - box.top]);
      else moving.translateBy(selected, -event.deltaX / scale, -event.deltaY / scale);
    };
    // A browser scrolls to what takes the focus; here the camera does that.
    const stay = () => element.scrollTo(0, 0);
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("scroll", stay);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("scroll", stay);
      selected.on(".zoom", null);
    };
  }, [frameRef, worldRef]);

  const show = useCallback(
    (scale: number, x: number, y: number) => {
      const element = frameRef.current;
      if (!element || !behaviour.current) return;
      behaviour.current.transform(select(element), zoomIdentity.translate(element.clientWidth / 2, element.clientHeight / 2).scale(scale).translate(-x, -y));
    },
    [frameRef],
  );

  const whole = useCallback(() => {
    const element = frameRef.current;
    if (!element) return 1;
    return Math.max(LEAST, Math.min(1, (element.clientWidth - 2 * MARGIN) / Math.max(1, layout.width), (element.clientHeight - 2 * MARGIN) / Math.max(1, layout.height)));
  }, [frameRef, layout]);

  const fit = useCallback(() => show(whole(), layout.width / 2, layout.height / 2), [show, whole, layout]);

  useLayoutEffect(() => {
    if (!start || whole() >= READABLE) fit();
    else show(READABLE, start.x + NODE_WIDTH / 2, start.y + NODE_HEIGHT / 2);
  }, [fit, show, start, whole]);

  return useMemo<Camera>(
    () => ({
      fit,
      zoomBy: (factor) => {
        if (frameRef.current) behaviour.current?.scaleBy(select(frameRef.current), factor);
      },
      reveal: ({ x, y }) => {
        const element = frameRef.current;
        if (!element || !behaviour.current) return;
        const at = zoomTransform(element);
        const beyond = (from: number, length: number, room: number) => (from < MARGIN ? MARGIN - from : Math.min(0, room - MARGIN - from - length));
        const dx = beyond(at.applyX(x), NODE_WIDTH * at.k, element.clientWidth);
        const dy = beyond(at.applyY(y), NODE_HEIGHT * at.k, element.clientHeight);
        if (dx !== 0 || dy !== 0) behaviour.current.translateBy(select(element), dx / at.k, dy / at.k);
      },
    }),
    [fit, frameRef],
  );
}

export const zoomStep = { in: STEP, out: 1 / STEP };
