import { keyTraces } from '../../server/access/key.ts'

export const hashKey = (key: string): string => keyTraces(key).hash
