import { type GatewayError, gatewayError } from '../../conversation/error.ts'

export const unusable = 'The provider sent a reply that cannot be used.'

/** A reply that cannot be gone on with: what a caller may read, and what was seen. */
export const broken = (message: string, cause: string): GatewayError => gatewayError('broken-reply', message, { cause })
