import type { Component } from 'solid-js'

export type Icon = Component<{ size?: number; strokeWidth?: number; class?: string; 'aria-hidden'?: boolean | 'true' }>
