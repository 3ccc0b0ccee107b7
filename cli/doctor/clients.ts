/** The clients of `recover doctor`: those of the doctor everywhere, and those for what only it looks at. */
import { openDoctorClients } from '../../aws/doctor/clients.ts';
import { openIam } from '../../aws/roles.ts';
import { openScheduler } from '../../aws/scheduler.ts';
import type { Session } from '../session.ts';

export type Clients = ReturnType<typeof openClients>;

export function openClients({ target, config }: Pick<Session, 'target' | 'config'>) {
  const clients = openDoctorClients(target, config);
  const further = { iam: openIam(config), scheduler: openScheduler(config) };
  return {
    ...clients,
    ...further,
    close: () => {
      clients.close();
      for (const client of Object.values(further)) client.destroy();
    },
  };
}

/** What every look of the CLI needs. */
export interface Asking extends Pick<Session, 'target' | 'clock' | 'terminal'> {
  readonly clients: Clients;
  readonly nowMs: number;
}
