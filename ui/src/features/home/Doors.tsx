import { IconBook2, IconCirclePlus, IconFileDescription, IconSearch, type Icon } from "@tabler/icons-react";
import { useCan } from "@/components/can";
import { usePlugins } from "@/components/navigation";
import { paths, type Target } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { Section } from "@/ui/Section";
import classes from "./Doors.module.css";
import { strings } from "./strings";

/** What a new person can do, as far as it is installed. */
export function Doors() {
  const { installed } = usePlugins();
  const [mayRegister] = useCan(["catalog.location.create"]);
  return (
    <Section title={strings.start}>
      <ul className={classes.doors}>
        {installed("catalog") && <Door icon={IconSearch} title={strings.doorFind} body={strings.doorFindBody} target={paths.catalog({ query: "" })} />}
        {installed("catalog") && mayRegister && <Door icon={IconFileDescription} title={strings.doorRegister} body={strings.doorRegisterBody} target={paths.register()} />}
        {installed("techdocs") && <Door icon={IconBook2} title={strings.doorRead} body={strings.doorReadBody} target={paths.docs()} />}
        {installed("scaffolder") && <Door icon={IconCirclePlus} title={strings.doorCreate} body={strings.doorCreateBody} target={paths.create()} />}
      </ul>
    </Section>
  );
}

function Door({ icon: DoorIcon, title, body, target }: { icon: Icon; title: string; body: string; target: Target }) {
  return (
    <li>
      <AppLink target={target} className={classes.door}>
        <DoorIcon size={20} stroke={1.6} color="var(--cb-accent)" aria-hidden="true" />
        <span className={classes.title}>{title}</span>
        <span className={classes.body}>{body}</span>
      </AppLink>
    </li>
  );
}
