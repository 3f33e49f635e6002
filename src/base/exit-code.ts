/** 0: done. 1: what was checked has errors, or the answer is no. 2: the request itself could not be carried out. */
export type ExitCode = 0 | 1 | 2;
