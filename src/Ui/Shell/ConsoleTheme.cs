using MudBlazor;

namespace Flagstone.Ui.Shell;

/// <summary>Type and shape of the library's components. Colours stand in console.css, where light and dark switch without the server.</summary>
internal static class ConsoleTheme
{
    private static readonly string[] Fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"];

    public static MudTheme Value { get; } = new()
    {
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "5px" },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Fonts, FontSize = ".8125rem", LineHeight = "1.45", LetterSpacing = "normal" },
            Body1 = new Body1Typography { FontFamily = Fonts, FontSize = ".8125rem", LineHeight = "1.45", LetterSpacing = "normal" },
            Body2 = new Body2Typography { FontFamily = Fonts, FontSize = ".8125rem", LineHeight = "1.45", LetterSpacing = "normal" },
            Subtitle1 = new Subtitle1Typography { FontFamily = Fonts, FontSize = ".8125rem", LetterSpacing = "normal" },
            Button = new ButtonTypography { FontFamily = Fonts, FontSize = ".8125rem", FontWeight = "600", TextTransform = "none", LetterSpacing = "normal", LineHeight = "1.4" },
            Caption = new CaptionTypography { FontFamily = Fonts, FontSize = ".75rem", LetterSpacing = "normal" },
        },
    };
}
