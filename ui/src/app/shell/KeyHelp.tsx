import { Kbd, Modal } from "@mantine/core";
import { strings } from "@/app/strings";
import { useKeyRegistry } from "@/ui/keys";
import classes from "./KeyHelp.module.css";

/** Every key that does something on the page in sight. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
  const registry = useKeyRegistry();
  const seen = new Map(registry.list().map((binding) => [binding.keys, binding]));
  const groups = Map.groupBy([...seen.values()], (binding) => binding.group);
  return (
    <Modal opened onClose={onClose} title={strings.keys} size={520} closeButtonProps={{ "aria-label": strings.close }}>
      <div className={classes.groups}>
        {[...groups].map(([group, bindings]) => (
          <section key={group}>
            <h2 className={classes.title}>{group}</h2>
            <dl className={classes.list}>
              {bindings.map((binding) => (
                <div key={binding.keys}>
                  <dt>{binding.label}</dt>
                  <dd>
                    {binding.keys.split(" ").map((key) => (
                      <Kbd key={key} size="xs">
                        {key.replace("mod+k", "⌘K / Ctrl K")}
                      </Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
