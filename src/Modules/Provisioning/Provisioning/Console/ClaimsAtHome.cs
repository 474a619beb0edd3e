using Flagstone.Platform.Identity;
using Flagstone.Provisioning.Claims;
using Flagstone.Ui.Components;
using Flagstone.Ui.Home;

namespace Flagstone.Provisioning.Console;

/// <summary>Claims that are not ready.</summary>
internal sealed class ClaimsAtHome(ClaimReader claims) : IHomeSource
{
    public int Order => 20;

    public async Task<HomeSection> ReadAsync(Caller caller, CancellationToken ct)
    {
        var (rows, _) = await claims.ListAsync(caller, ct);
        return new HomeSection("Claims", "/claims", rows.Count,
            [.. rows.Where(r => r.Status.Tone is not (Tone.Good or Tone.Neutral)).Select(r => new HomeItem("claim", $"{r.Namespace}/{r.Name}", r.Href, r.Status, r.Since))]);
    }
}
