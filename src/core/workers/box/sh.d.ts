/** The bundler gives a script as its text. */
declare module '*.sh' {
  const text: string;
  export default text;
}
