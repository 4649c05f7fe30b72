import type { GlobalThemeOverrides } from "naive-ui";

import { dark, light, type Palette } from "./tokens";

/** What Naive UI is told of our tokens (it computes with colours, so it can't be given variables). */
function overrides(p: Palette): GlobalThemeOverrides {
  const get = (name: string): string => p[name] ?? "";
  const button = { textColorPrimary: get("ink"), colorPrimary: get("paper") };
  return {
    common: {
      bodyColor: get("bg"),
      cardColor: get("s1"),
      tableColor: get("s1"),
      modalColor: get("s1"),
      popoverColor: get("s2"),
      hoverColor: get("s2"),
      tableHeaderColor: get("s2"),
      actionColor: get("s2"),
      pressedColor: get("s3"),
      tagColor: get("s3"),
      inputColor: get("sunk"),
      inputColorDisabled: get("sunk"),
      codeColor: get("sunk"),
      dividerColor: get("line"),
      borderColor: get("line-strong"),
      textColorBase: get("t1"),
      textColor1: get("t1"),
      textColor2: get("t2"),
      textColor3: get("t3"),
      placeholderColor: get("t3"),
      iconColor: get("t3"),
      primaryColor: get("iris"),
      primaryColorHover: get("iris"),
      primaryColorPressed: get("iris"),
      primaryColorSuppl: get("iris"),
      successColor: get("st-completed"),
      errorColor: get("st-failed"),
      errorColorHover: get("st-failed"),
      warningColor: get("st-timeout"),
      infoColor: get("st-running"),
      fontFamily: get("font"),
      fontFamilyMono: get("mono"),
      fontSize: "13px",
      fontSizeSmall: "12px",
      fontSizeLarge: "14px",
      fontWeightStrong: "600",
      lineHeight: "1.5",
      heightSmall: "26px",
      heightMedium: "30px",
      heightLarge: "38px",
      borderRadius: "6px",
      borderRadiusSmall: "4px",
      cubicBezierEaseInOut: get("ease"),
    },
    Button: {
      ...button,
      colorHoverPrimary: get("paper"),
      colorPressedPrimary: get("paper"),
      colorFocusPrimary: get("paper"),
      colorDisabledPrimary: get("paper"),
      textColorHoverPrimary: get("ink"),
      textColorPressedPrimary: get("ink"),
      textColorFocusPrimary: get("ink"),
      textColorDisabledPrimary: get("ink"),
      borderPrimary: "none",
      fontWeight: "550",
    },
    Input: { borderFocus: `1px solid ${get("iris")}`, boxShadowFocus: `0 0 0 1px ${get("iris")}` },
  };
}

export const darkOverrides = overrides(dark);
export const lightOverrides = overrides(light);
