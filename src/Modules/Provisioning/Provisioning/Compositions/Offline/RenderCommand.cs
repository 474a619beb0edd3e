using System.Text.RegularExpressions;

namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>From files to text: what <c>flagstone render</c> does.</summary>
internal static partial class RenderCommand
{
    public static async Task<RenderOutcome> RunAsync(RenderArguments arguments, TimeProvider clock, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(arguments.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        try
        {
            var input = await RenderFiles.ReadAsync(arguments, either.Token);
            var result = await OfflineRendering.RunAsync(input, clock, either.Token);
            return new Rendered(RenderedDocuments.Print(RenderedDocuments.Of(result, arguments)));
        }
        catch (RenderRefusedException refused)
        {
            return Refused(refused.Message);
        }
        catch (FatalResultException failure)
        {
            return Refused($"cannot render '{arguments.Composite}' by '{arguments.Composition}': {failure.Message}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Refused($"'{arguments.Composite}' was not rendered within {arguments.Timeout.TotalSeconds} s. Give it longer by --timeout.");
        }
    }

    private static RenderRefused Refused(string why) => new(Break().Replace(why, " "));

    [GeneratedRegex(@"\s*\n\s*")]
    private static partial Regex Break();
}
