/**
 * Where menus and lists are put: inside the main landmark, so that assistive technology finds them in a place with a name, and in
 * a frame that stands still, so that giving them the focus moves no page (features/shell/shell.tsx).
 */
export const overlayRoot = (): HTMLElement => document.getElementById('overlays') ?? document.body
