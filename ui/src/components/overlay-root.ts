/** Where menus and lists are put: inside the main landmark, so that assistive technology finds them in a place with a name. */
export const overlayRoot = (): HTMLElement => document.querySelector('main') ?? document.body
