namespace Flagstone.Ui.Shell;

/// <summary>Another origin that pages of the console may connect to; a module registers one for each.</summary>
/// <param name="Origin">As a browser writes it, such as <c>https://codec.example.com</c>.</param>
public sealed record ConsoleConnection(string Origin);
