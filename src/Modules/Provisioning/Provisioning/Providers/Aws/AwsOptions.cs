namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>Settings of the provider <c>aws</c>; keys <c>Flagstone:Aws:...</c>.</summary>
internal sealed record AwsOptions
{
    public const string Section = "Flagstone:Aws";

    /// <summary>The provider's name.</summary>
    public const string Provider = "aws";

    /// <summary>True to make AWS' kinds at AWS instead of simulating them; a region or a URL below says the same.</summary>
    public bool Enabled { get; init; }

    /// <summary>The region of what names none in <c>spec.forProvider.region</c>.</summary>
    public string Region { get; init; } = "";

    /// <summary>Where Cloud Control is; empty for AWS' endpoint of the region.</summary>
    public string CloudControlUrl { get; init; } = "";

    /// <summary>Where S3 is; empty for AWS' endpoint of the region.</summary>
    public string S3Url { get; init; } = "";

    /// <summary>Where SQS is; empty for AWS' endpoint of the region.</summary>
    public string SqsUrl { get; init; } = "";

    /// <summary>True to name buckets in the path and not in the host, as emulators need it.</summary>
    public bool S3PathStyle { get; init; }

    /// <summary>No call takes longer; what came of it is then unknown.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public bool IsOn => Enabled || Region.Length > 0 || CloudControlUrl.Length > 0 || S3Url.Length > 0 || SqsUrl.Length > 0;
}
