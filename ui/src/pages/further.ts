// The pages behind the overview, as the one file that parts/further.tsx reads.
export { About } from './about';
export { Configuration } from './configuration';
export { Deliveries } from './deliveries';
export { History } from './history';
export { HostPage } from './host';
export { Silences } from './silences';
