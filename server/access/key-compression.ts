/** When the long conversations of a key are made shorter, whatever the settings say: never, once they do not fit, at the share that is set. */
export const keyCompressions = ['off', 'overflow', 'share'] as const
export type KeyCompression = (typeof keyCompressions)[number]
