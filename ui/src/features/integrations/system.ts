/** Which shell whoever sits here most likely has. */
export const thisSystem = (): 'unix' | 'powershell' => (/Windows/i.test(navigator.userAgent) ? 'powershell' : 'unix')
