import { setNonce } from "get-nonce";

/**
 * The nonce of this page, for the style elements that the widget library makes at run time. The browser hides
 * the attribute once the policy is in force, so it is read from the property of a script that carried it.
 */
export const styleNonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";

// Scroll locking under dialogs comes from a library that asks this registry for its nonce.
if (styleNonce !== "") setNonce(styleNonce);
