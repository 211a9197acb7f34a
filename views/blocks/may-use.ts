import type { MayUse } from '../types.ts';

/** A card for everyone shows every action; who clicks is checked then (Spec 6.3). */
export const everyone: MayUse = () => true;
