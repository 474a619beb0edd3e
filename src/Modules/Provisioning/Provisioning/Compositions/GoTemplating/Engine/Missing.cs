namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>
/// Go's invalid <c>reflect.Value</c>: what a map does not hold. Fields of it are missing too, whereas a field of a nil that is there
/// is an error.
/// </summary>
internal sealed class Missing
{
    public static readonly Missing Value = new();

    private Missing()
    {
    }
}
