import { useMutation, useQueryClient } from "@tanstack/react-query";
import { sessionQuery, switchPersona } from "@/api/queries";
import { useToast } from "@/ui/toast";
import { strings } from "./strings";

/** Acts as another persona from now on. Of what the last one saw nothing stays. */
export function usePersonaSwitch() {
  const client = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: switchPersona,
    onSuccess: async (next) => {
      client.setQueryData(sessionQuery().queryKey, next);
      await client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      toast({ text: strings.personaChanged(next.principal.displayName) });
    },
    onError: () => toast({ text: strings.personaFailed }),
  });
}
